//! Kernels to machine code. One function a kernel; kernels that differ in their number of rows share it, also from plan to plan.
//! Pages are writable or executable, never both, and are given back when the engine and its plans are gone.

mod elements;
mod nest;
mod rows;
mod scalar;

use std::collections::HashMap;
use std::mem;

use cranelift_codegen::ir::{AbiParam, Signature, types};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, isa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, ModuleError, default_libcall_names};

use crate::engine::jit::kernel::Kernel;
use crate::engine::jit::stages::{Stages, stages};

/// A kernel's code: `(buffers, scratch, first row, behind the last row, part)`. Flat kernels count elements instead of rows.
pub(super) type KernelFn = unsafe extern "C" fn(*const *mut u8, *mut u8, i64, i64, i64);

/// Machine code, as much of it as was asked for. It can be called as long as this lives.
pub(super) struct Compiler {
    /// There until the end.
    module: Option<JITModule>,
    context: Context,
    builder: FunctionBuilderContext,
    known: HashMap<Kernel, FuncId>,
    /// The code as text, where it is asked for.
    listing: Option<Text>,
}

/// Which text of the code is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeText {
    /// Cranelift's IR.
    Clif,
    /// The machine's instructions.
    Asm,
}

struct Text {
    kind: CodeText,
    text: String,
}

/// Why there is no native code.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoCode(String);

impl From<ModuleError> for NoCode {
    fn from(error: ModuleError) -> NoCode {
        NoCode(error.to_string())
    }
}

impl Compiler {
    pub(super) fn new(listing: Option<CodeText>) -> Result<Compiler, NoCode> {
        let mut flags = settings::builder();
        let verifies = if cfg!(debug_assertions) {
            "true"
        } else {
            "false"
        };
        for (name, value) in [
            ("opt_level", "speed"),
            ("enable_verifier", verifies),
            ("unwind_info", "false"),
            ("is_pic", "false"),
        ] {
            let set = flags.set(name, value);
            set.map_err(|error| NoCode(error.to_string()))?;
        }
        let isa = cranelift_native::builder().map_err(|error| NoCode(error.to_owned()))?;
        let isa: isa::OwnedTargetIsa = isa
            .finish(settings::Flags::new(flags))
            .map_err(|error| NoCode(error.to_string()))?;
        let module = JITModule::new(JITBuilder::with_isa(isa, default_libcall_names()));
        Ok(Compiler {
            context: module.make_context(),
            builder: FunctionBuilderContext::new(),
            module: Some(module),
            known: HashMap::new(),
            listing: listing.map(|kind| Text {
                kind,
                text: String::new(),
            }),
        })
    }

    /// The function of a kernel, and how many bytes of scratch it wants.
    pub(super) fn kernel(&mut self, kernel: &Kernel) -> Result<(FuncId, usize), NoCode> {
        let stages = stages(kernel);
        let scratch = nest::scratch_bytes(kernel, &stages);
        let key = kernel.code_key();
        if let Some(id) = self.known.get(&key) {
            return Ok((*id, scratch));
        }
        let id = self.define(&key, &stages)?;
        self.known.insert(key, id);
        Ok((id, scratch))
    }

    fn define(&mut self, kernel: &Kernel, stages: &Stages) -> Result<FuncId, NoCode> {
        let name = format!("kernel{}", self.known.len());
        let signature = self.signature();
        let id = self
            .module()
            .declare_function(&name, Linkage::Local, &signature)?;
        self.context.func.signature = signature;
        let target = self.module().target_config();
        let builder = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        nest::emit(builder, kernel, stages, target);
        self.context
            .set_disasm(matches!(&self.listing, Some(list) if list.kind == CodeText::Asm));
        let clif = self.listing.as_ref().map(|_| self.context.func.to_string());
        let module = self.module.as_mut().expect(THERE);
        module.define_function(id, &mut self.context)?;
        if let Some(list) = &mut self.listing {
            let asm = self.context.compiled_code();
            let asm = asm.and_then(|code| code.vcode.clone());
            let text = match list.kind {
                CodeText::Clif => clif,
                CodeText::Asm => asm,
            };
            list.text += &format!("; {name}\n{}\n", text.unwrap_or_default());
        }
        let module = self.module.as_ref().expect(THERE);
        module.clear_context(&mut self.context);
        Ok(id)
    }

    fn module(&mut self) -> &mut JITModule {
        self.module.as_mut().expect(THERE)
    }

    fn signature(&mut self) -> Signature {
        let mut signature = self.module().make_signature();
        signature.params = vec![AbiParam::new(types::I64); 5];
        signature
    }

    /// Makes all code so far executable; its listing, if one is wanted.
    pub(super) fn finish(&mut self) -> Result<String, NoCode> {
        self.module().finalize_definitions()?;
        let list = self.listing.as_mut();
        Ok(list
            .map(|list| mem::take(&mut list.text))
            .unwrap_or_default())
    }

    /// The entry of a finished function, valid while this lives.
    pub(super) fn entry(&self, id: FuncId) -> KernelFn {
        let module = self.module.as_ref().expect(THERE);
        let entry = module.get_finalized_function(id);
        // SAFETY: the function was defined with this signature, in the machine's own calling convention.
        unsafe { mem::transmute::<*const u8, KernelFn>(entry) }
    }
}

const THERE: &str = "only dropping takes the module";

impl Drop for Compiler {
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            // SAFETY: entries are called only through plans that keep this alive.
            unsafe { module.free_memory() };
        }
    }
}
