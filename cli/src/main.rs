//! The `tributary` command.

use std::process::ExitCode;

/// Many small allocations from several threads: this one is fast at them and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
