# What there is to do here. Every target installs what it needs and is missing.
.PHONY: demo test test-versions test-diagnosis lint deps docs bench soak monitor-cost

# A short, real tour on throwaway servers.
demo: deps
	cargo run --release -p pgsurge -- demo

# Everything, on servers that the tests bring along.
test: deps
	cargo test --workspace

# Short loads on PostgreSQL 12 to 18, which it fetches into target/: what each version tells.
test-versions: deps
	@scripts/install-versions
	cargo test --workspace --test versions

# Whether the diagnosis names what is wrong: about ten minutes, on a machine that is left alone.
# Some of it: make test-diagnosis ARGS=deadlocks.
test-diagnosis: deps
	cargo test --workspace --test diagnosis -- $(ARGS)

# Formatting, and clippy without a warning left.
lint: deps
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets -- -D warnings

deps:
	@scripts/install-deps

# The documents that the program makes: the references, the table of faults, and in docs/sample a
# result of a few seconds in every format. Leave the machine alone meanwhile, or the run may be void.
docs: deps
	cargo run --release -p pgsurge -- load --config docs/sample/settings.json \
		--format json,md,csv --output docs/sample/result.json --force
	UPDATE_DOCS=1 cargo test -p pgsurge --test it -- docs:: faults:: records::
	UPDATE_DOCS=1 cargo test -p pgsurge-report --test it -- schema::

# The program against pgbench, about 20 minutes; writes docs/benchmarks.md. Leave the machine alone
# meanwhile. A short try: make bench ARGS="--rounds 1 --seconds 1".
bench: deps
	cargo bench -p pgsurge --bench against_pgbench -- $(ARGS)

# Hokm for 10 minutes: memory has to stay small and flat. A short try: PGSURGE_SOAK_SECONDS=60.
soak: deps
	cargo bench -p pgsurge --bench soak

# What watching costs: the same loads with the monitor on and off in turn, about 13 minutes. Leave the
# machine alone meanwhile. A short try: PGSURGE_COST_ROUNDS=1 PGSURGE_COST_SECONDS=2.
monitor-cost: deps
	cargo bench -p pgsurge --bench monitor_cost
