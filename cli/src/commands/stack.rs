//! Which deployed stack a command talks to.

use clap::Args;

/// The stack's outputs, as flags or variables.
#[derive(Args, Debug)]
pub(crate) struct Stack {
    /// The state table (output `TableName`).
    #[arg(long, env = "TAJO_TABLE")]
    pub table: String,
    /// Where AWS is played locally; left out for AWS itself.
    #[arg(long, env = "AWS_ENDPOINT_OVERRIDE", hide = true)]
    pub endpoint: Option<String>,
}
