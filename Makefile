# What there is to do here. Every target installs what it needs and is missing.
.PHONY: demo test lint deps bench soak

# A short, real tour on throwaway servers.
demo: deps
	cargo run --release -p pgsurge -- demo

# Everything, on servers that the tests bring along.
test: deps
	cargo test --workspace

# Formatting, and clippy without a warning left.
lint: deps
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets -- -D warnings

deps:
	@scripts/install-deps

# The program against pgbench, about 20 minutes; writes docs/benchmarks.md. Leave the machine alone
# meanwhile. A short try: make bench ARGS="--rounds 1 --seconds 1".
bench: deps
	cargo bench -p pgsurge --bench against_pgbench -- $(ARGS)

# Hokm for 10 minutes: memory has to stay small and flat. A short try: PGSURGE_SOAK_SECONDS=60.
soak: deps
	cargo bench -p pgsurge --bench soak
