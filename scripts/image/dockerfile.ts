/** Parses the parts of the Dockerfile syntax that our Dockerfile uses: instructions, flags, continued lines. */

export interface Instruction {
  name: string;
  /** `--from=build` and the like. */
  flags: ReadonlyMap<string, string>;
  words: readonly string[];
  /** The unparsed text after the name. */
  text: string;
}

export interface Stage {
  /** The name that other stages use. */
  name: string | undefined;
  base: string;
  instructions: readonly Instruction[];
}

export function stagesIn(dockerfile: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of logicalLines(dockerfile)) {
    const instruction = instructionIn(line);
    if (instruction.name === 'FROM') {
      const [base = '', as, name] = instruction.words;
      stages.push({ name: as?.toUpperCase() === 'AS' ? name : undefined, base, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) throw new Error(`Dockerfile: ${line} is in no stage`);
    stage.instructions.push(instruction);
  }
  return stages;
}

/** The lines without comments and empty lines, with continued lines joined. */
function logicalLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
}

function instructionIn(line: string): Instruction {
  const [, name = '', text = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
  const words = text.split(/\s+/);
  const first = words.findIndex((word) => !word.startsWith('--'));
  const flags = words.slice(0, first).map((flag): [string, string] => {
    const [key = '', value = ''] = flag.slice(2).split('=');
    return [key, value];
  });
  return { name: name.toUpperCase(), flags: new Map(flags), words: words.slice(first), text };
}

/** The text of the last such instruction, which is the one that applies. */
export function last(stage: Stage, name: string): string {
  const found = stage.instructions.findLast((instruction) => instruction.name === name);
  if (found === undefined) throw new Error(`Dockerfile: the stage on ${stage.base} has no ${name}`);
  return found.text;
}

/** The pairs `KEY=VALUE` of all instructions with this name, with build arguments unexpanded. */
export function pairsOf(stage: Stage, name: string): [key: string, value: string][] {
  return stage.instructions
    .filter((instruction) => instruction.name === name)
    .flatMap(({ text }) => [...text.matchAll(/([^\s=]+)=(?:"([^"]*)"|(\S*))/g)])
    .map(([, key = '', quoted, plain = '']) => [key, quoted ?? plain]);
}

/** The labels of an image, with build arguments unexpanded. */
export function labelsOf(stage: Stage): Map<string, string> {
  return new Map(pairsOf(stage, 'LABEL'));
}
