import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** The machine on which the figures were measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
  /** Over one, five and fifteen minutes, before the run. */
  readonly load: readonly number[];
  readonly at: string;
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    load: loadavg(),
    at: new Date().toISOString(),
  };
}

export function machineLine({ cpu, cores, memoryBytes, node, platform, load }: Machine): string {
  const memory = `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;
  const loads = load.map((value) => value.toFixed(2)).join(' ');
  return `${cpu}, ${cores} cores, ${memory}, ${platform}, Node ${node}, load average ${loads}`;
}
