// Preloaded into a process (NODE_OPTIONS=--import): measures the longest turn of its event loop.
//
// Each tick of a timer ends a turn. CPU time of the thread does not depend on other programs on the machine. On SIGUSR2, it
// writes the longest turn since the last SIGUSR2 to the file in LOOP_MONITOR.

import { renameSync, writeFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

const file = process.env.LOOP_MONITOR ?? '';
let longest = { cpuMs: 0, wallMs: 0, from: 0, to: 0 };
let collections = [];
let before = sample();

function sample() {
  const { user, system } = process.threadCpuUsage();
  return { cpuMs: (user + system) / 1000, at: performance.now() };
}

setInterval(() => {
  const now = sample();
  const cpuMs = now.cpuMs - before.cpuMs;
  const wallMs = Math.max(longest.wallMs, now.at - before.at);
  longest = cpuMs > longest.cpuMs ? { cpuMs, wallMs, from: before.at, to: now.at } : { ...longest, wallMs };
  before = now;
}, 1).unref();

new PerformanceObserver((list) => collections.push(...list.getEntries())).observe({ entryTypes: ['gc'] });

process.on('SIGUSR2', () => {
  const { cpuMs, wallMs, from, to } = longest;
  const within = collections.filter(({ startTime }) => from <= startTime && startTime <= to);
  const gcMs = within.reduce((sum, { duration }) => sum + duration, 0);
  writeFileSync(`${file}.part`, JSON.stringify({ cpuMs, wallMs, gcMs }));
  renameSync(`${file}.part`, file);
  longest = { cpuMs: 0, wallMs: 0, from: 0, to: 0 };
  collections = [];
});
