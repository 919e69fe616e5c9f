//! `answers`: prints its port, and runs until its standard input ends.

use std::io;

fn main() -> io::Result<()> {
    println!("{}", answers::serve()?.port());
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
