//! The program's entry. Everything else is in the library, so that others can use it.

fn main() -> std::process::ExitCode {
    pgsurge::main()
}
