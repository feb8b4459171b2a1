import { readdirSync } from 'node:fs';
import { type Definition, exposition } from '../../metrics/exposition.ts';
import { version } from '../flags/version.ts';

/** Metrics of the process, with the names that the official Prometheus clients use. */
export const processMetrics = {
  kube_vip_cloud_provider_build_info: {
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'nodejs'],
  },
  kube_vip_cloud_provider_log_lines_lost_total: {
    type: 'counter',
    help: 'Log lines that could not be written: standard error was closed, its disk was full, or it was not read.',
    labels: [],
  },
  process_cpu_seconds_total: {
    type: 'counter',
    help: 'User and system CPU time spent, in seconds.',
    labels: [],
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    help: 'Resident memory, in bytes.',
    labels: [],
  },
  process_start_time_seconds: {
    type: 'gauge',
    help: 'When the process started, in seconds since 1970.',
    labels: [],
  },
  process_open_fds: {
    type: 'gauge',
    help: 'Open file descriptors; only where there is a /proc.',
    labels: [],
  },
  nodejs_heap_size_used_bytes: {
    type: 'gauge',
    help: "Memory of V8's heap that objects take, in bytes.",
    labels: [],
  },
  nodejs_heap_size_total_bytes: {
    type: 'gauge',
    help: "Memory of V8's heap, in bytes.",
    labels: [],
  },
} as const satisfies Readonly<Record<string, Definition>>;

const startedAt = Date.now() / 1000 - process.uptime();

/** `lostLines`: how many log lines could not be written. */
export function readProcessMetrics(lostLines: number): string {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const files = openFiles();
  return exposition(processMetrics, {
    kube_vip_cloud_provider_build_info: [[version, process.version, 1]],
    kube_vip_cloud_provider_log_lines_lost_total: [[lostLines]],
    process_cpu_seconds_total: [[(user + system) / 1e6]],
    process_resident_memory_bytes: [[rss]],
    process_start_time_seconds: [[startedAt]],
    process_open_fds: files === undefined ? [] : [[files]],
    nodejs_heap_size_used_bytes: [[heapUsed]],
    nodejs_heap_size_total_bytes: [[heapTotal]],
  });
}

function openFiles(): number | undefined {
  try {
    // One descriptor belongs to this call.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}
