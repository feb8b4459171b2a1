import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The resources of a process. */
export interface Usage {
  readonly rssBytes: number;
  /** Without pages of files, which other processes share; NaN where the system does not report it. */
  readonly anonBytes: number;
  /** The maximum so far; NaN where the system does not report it. */
  readonly peakBytes: number;
  readonly cpuMs: number;
}

/** Linux reports CPU time in hundredths of a second, whatever the kernel's own tick (USER_HZ). */
const tickMs = 10;

export function usageOf(pid: number): Usage {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  // The second field is the program's name in parentheses, which may contain anything.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return {
    rssBytes: bytes('VmRSS'),
    anonBytes: bytes('RssAnon'),
    peakBytes: bytes('VmHWM'),
    cpuMs: (user + system) * tickMs,
  };
}

/** `0:01.23` on macOS and the BSDs. */
function fromPs(pid: number): Usage {
  const text = execFileSync('ps', ['-o', 'rss=,time=', '-p', String(pid)], { encoding: 'utf8' });
  const [rssKB = '', time = ''] = text.trim().split(/\s+/);
  const seconds = time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return {
    rssBytes: Number(rssKB) * 1024,
    anonBytes: Number.NaN,
    peakBytes: Number.NaN,
    cpuMs: seconds * 1000,
  };
}
