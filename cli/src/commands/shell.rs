//! `tajo completions` and `tajo man`. They call nothing.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::output::{Failure, say, say_block};

/// Which shell.
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Where to.
#[derive(Args, Debug)]
pub(crate) struct ManPages {
    /// A folder for the pages of all commands. Left out: the first page, to stdout.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Runs `tajo completions`.
pub(crate) fn completions(asked: &Completions, mut command: Command) -> crate::Result {
    let mut text = Vec::new();
    clap_complete::generate(asked.shell, &mut command, "tajo", &mut text);
    say_block(&String::from_utf8(text).map_err(Failure::outside)?);
    Ok(())
}

/// Runs `tajo man`.
pub(crate) fn man(asked: &ManPages, command: Command) -> crate::Result {
    let Some(folder) = &asked.out else {
        let mut text = Vec::new();
        Man::new(command).render(&mut text).map_err(Failure::outside)?;
        say_block(&String::from_utf8(text).map_err(Failure::outside)?);
        return Ok(());
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|error| Failure::input(format!("{} cannot be written: {error}", folder.display())))?;
    say(&format!("Written to {}: `man -l {}/tajo.1`", folder.display(), folder.display()));
    Ok(())
}
