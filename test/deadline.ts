/**
 * Preloaded into each test process: kills it when the file has had its time. A thread does this, because the main thread may
 * never be idle again. The programs that a test started end when their standard input is closed (controlplane/process.ts).
 */

import { isMainThread, Worker } from 'node:worker_threads';

const seconds = Number(process.env.TEST_FILE_SECONDS);

if (isMainThread && seconds > 0) {
  const source = `
    const { writeSync } = require('node:fs');
    const { seconds, file } = require('node:worker_threads').workerData;
    setTimeout(() => {
      writeSync(2, \`Ended after \${seconds} s, because the file hangs: \${file}\\n\`);
      process.kill(process.pid, 'SIGKILL');
    }, seconds * 1000);`;
  // Without the test runner's own arguments, and without this file.
  new Worker(source, { eval: true, workerData: { seconds, file: process.argv[1] }, execArgv: [] }).unref();
}
