/** Standard output is for the figures. */
export function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

const everyMs = 2_000;

/** Says how far a long loop is, every two seconds. */
export function counter(what: string, total: number): (done: number) => void {
  let saidAt = performance.now();
  return (done) => {
    if (performance.now() - saidAt < everyMs) return;
    saidAt = performance.now();
    say(`${what}: ${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')}`);
  };
}
