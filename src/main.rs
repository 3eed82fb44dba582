//! argv → `cli` → exit status; nothing else.

fn main() {}
