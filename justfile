# The daily commands; each is one line, so that they can be read instead of remembered.

# Format, lints and tests: what a change must pass.
check:
    .ci/quick

test *args:
    cargo test --locked {{args}}

# One directory of tests/cases through the whole program, as in `just case wrong-audience`.
case name:
    CASE={{name}} cargo test --locked --test cases

demo:
    cargo run --locked --release --example demo

# Write the generated tables of deploy/REFERENCE.md and the transcripts; read the diff.
readme:
    UPDATE_README=1 cargo test --locked --no-fail-fast --test cases --test integration -- the_pages_show the_reference_shows

ci:
    .ci/run
