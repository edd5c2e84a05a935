//! `ingress_once ingress|floor N`: does it N times, for callgrind. Built in release, with the profile that ships.

use tajo_bench::ingress::Sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "usage: ingress_once ingress|floor N";
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().ok_or(usage)?;
    let times: u32 = arguments.next().ok_or(usage)?.parse()?;
    let sample = Sample::new();
    let work: fn(&Sample) -> usize = match mode.as_str() {
        "ingress" => Sample::ingress,
        "floor" => Sample::floor,
        _ => return Err(usage.into()),
    };
    for _ in 0..times {
        std::hint::black_box(work(std::hint::black_box(&sample)));
    }
    Ok(())
}
