/** Standard output is for the figures. */
export function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

const everyMs = 2_000;

/** Reports the progress of a long loop every two seconds. */
export function progress(what: string, total: number): (done: number) => void {
  let reportedAt = performance.now();
  return (done) => {
    if (performance.now() - reportedAt < everyMs) return;
    reportedAt = performance.now();
    say(`${what}: ${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')}`);
  };
}
