//! Only tests live here: `flows/` in process, `e2e/` on the deployed stack.
