import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../controlplane/binaries.ts';

const version = '6.2.0';
const artifact = `org.alloytools:org.alloytools.alloy.dist:${version}`;
const sha256 = '6037cbeee0e8423c1c468447ed10f5fcf2f2743a2ffc39cb1c81f2905c0fdb9d';
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';

const folder = join(cacheFolder(process.env), 'alloy');
const jar = join(folder, `org.alloytools.alloy.dist-${version}.jar`);

/** Whether Alloy can run without a download. */
export function hasAlloy(): boolean {
  return existsSync(jar) && spawnSync('java', ['-version']).status === 0;
}

/** Downloads Alloy with Maven, unless it is there. Throws if that fails, or if it is not the pinned file. */
export function fetchAlloy(): void {
  if (!existsSync(jar)) {
    mkdirSync(folder, { recursive: true });
    const args = ['-B', '-q', copyGoal, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
    const { status } = spawnSync('mvn', args, { stdio: ['ignore', 2, 2] });
    if (status !== 0)
      throw new Error('Cannot download Alloy. Install Java 17 and Maven, then run this again.');
  }
  if (createHash('sha256').update(readFileSync(jar)).digest('hex') === sha256) return;
  rmSync(jar);
  throw new Error(`The checksum of ${artifact} is not the pinned one. The file was removed.`);
}

/** Whether the command finds what its `expect` says: a counterexample of a check, an instance of a run. Throws if it cannot run. */
export function holds(file: string, command: string, output: string): boolean {
  const args = ['-jar', jar, 'exec', '-f', '-t', 'none', '-s', 'glucose', '-o', output, '-c', command, file];
  const { stdout, stderr, error } = spawnSync('java', args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  const text = `${stdout}${stderr}`;
  if (!/^\d+\. (check|run) .*\b(UN)?SAT\b/m.test(text))
    throw new Error(`Alloy cannot run ${command} of ${file}:\n${text}`);
  return !text.includes('expects=');
}

/** The commands of a module. */
export function commandsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^(?:check|run) (\w+)/gm)].map(([, name = '']) => name);
}
