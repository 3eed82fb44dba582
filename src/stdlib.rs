//! The standard library: `.nnl` files that travel inside the binary. What is in them is the language's business; this file knows
//! only their names, and which of them need no `use`.

/// Every module: its name and its source.
pub const FILES: &[(&str, &str)] = &[
    ("prim", include_str!("../stdlib/prim.nnl")),
    ("core", include_str!("../stdlib/core.nnl")),
    ("conv", include_str!("../stdlib/conv.nnl")),
    ("nn", include_str!("../stdlib/nn.nnl")),
    ("look", include_str!("../stdlib/look.nnl")),
    ("loss", include_str!("../stdlib/loss.nnl")),
    ("classes", include_str!("../stdlib/classes.nnl")),
    ("optim", include_str!("../stdlib/optim.nnl")),
    ("init", include_str!("../stdlib/init.nnl")),
    ("schedule", include_str!("../stdlib/schedule.nnl")),
    ("run", include_str!("../stdlib/run.nnl")),
    ("metrics", include_str!("../stdlib/metrics.nnl")),
    ("linalg", include_str!("../stdlib/linalg.nnl")),
    ("seq", include_str!("../stdlib/seq.nnl")),
    ("text", include_str!("../stdlib/text.nnl")),
];

/// The modules whose names are in scope everywhere.
pub const PRELUDE: &[&str] = &[
    "prim", "core", "loss", "classes", "optim", "init", "schedule", "run",
];

/// The fingerprint of all texts: another library has another.
pub fn fingerprint() -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, text) in FILES {
        hasher.update(name.as_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
