import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../image/command.ts';
import { withoutSections } from '../image/elf.ts';
import type { Platform } from '../platforms.ts';
import { signAdHoc } from './mach-o-signature.ts';

export interface ExecutableInput {
  readonly platform: Platform;
  /** The text of an ES module without imports from files. */
  readonly script: string;
  /** The Node program of the platform. */
  readonly node: Buffer;
  /** Names the program in its signature. */
  readonly name: string;
}

/**
 * A program that contains Node and the script (Node's single executable applications). The Node that runs this builds it for
 * each platform, and nothing of the target runs. The same input gives the same bytes.
 */
export function executable({ platform, script, node, name }: ExecutableInput): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'kvcp-plugin-'));
  try {
    const isLinux = platform.startsWith('linux/');
    writeFileSync(join(folder, 'node'), isLinux ? withoutSections(node) : node);
    chmodSync(join(folder, 'node'), 0o755);
    writeFileSync(join(folder, 'script.js'), script);
    const config = {
      // Relative paths, because the program contains them.
      main: 'script.js',
      mainFormat: 'module',
      executable: 'node',
      output: 'program',
      disableExperimentalSEAWarning: true,
      // NODE_OPTIONS is for the user's own Node programs.
      execArgvExtension: 'none',
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    run(process.execPath, ['--build-sea=config.json'], { cwd: folder });
    const program = readFileSync(join(folder, 'program'));
    return platform.startsWith('darwin/') ? signAdHoc(program, name) : program;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
