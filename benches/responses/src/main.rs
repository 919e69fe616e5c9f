//! `responses`: prints its port, and runs until its standard input ends.

use std::io;

fn main() -> io::Result<()> {
    println!("{}", responses::serve()?.port());
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
