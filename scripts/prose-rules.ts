/** What the documents, the messages, and the comments do not say, with what to write instead (docs/GLOSSARY.md). */

export interface ProseRule {
  /** Matched against prose only: no code blocks, no inline code, no links. */
  readonly pattern: RegExp;
  readonly reason: string;
  readonly instead: string;
}

const person = 'A Service or a program is not a person.';
const translated = 'It reads like a translation.';
const oldName = 'It is an old name.';
const british = 'The documents use American English.';

export const proseRules: readonly ProseRule[] = [
  { pattern: /\bwho(?:m|so)?ever\b/i, reason: person, instead: 'which Service, any Service that' },
  {
    pattern: /\b(?:nobody|somebody|everybody|anybody)(?:'s)?\b/i,
    reason: person,
    instead: 'no Service, another controller, all Services',
  },
  {
    pattern: /\b(?:Services?|controllers?|programs?|replicas?|Pods?|others|those|ones?) who\b/i,
    reason: person,
    instead: 'that, which',
  },
  {
    pattern: /\b(?:is|are|was|were) (?:told|said)\b/i,
    reason: translated,
    instead: 'is reported, is logged',
  },
  {
    pattern: /\blook(?:s|ed)? at(?! the (?:page|picture|screen))\b/i,
    reason: translated,
    instead: 'check, read, see',
  },
  { pattern: /\bmend(?:s|ed|ing)?\b/i, reason: translated, instead: 'fix' },
  { pattern: /\banew\b/i, reason: translated, instead: 'again' },
  { pattern: /\bas a rule\b/i, reason: translated, instead: 'usually' },
  { pattern: /\ball the same\b/i, reason: translated, instead: 'still, anyway' },
  { pattern: /\bat the begin\b(?!ning)/i, reason: translated, instead: 'at the start' },
  { pattern: /\b(?:take[ns]?|took) (?:it )?off\b/i, reason: translated, instead: 'remove' },
  { pattern: /\b(?:gave|give[ns]?) (?:it |them )?back\b/i, reason: translated, instead: 'release, return' },
  {
    pattern:
      /(?<!\b(?:there|it) )\b(?:is|are) no (?!longer\b|more\b|different\b|such\b)[a-z]+(?: [a-z]+)? (?:of|that|which|address|holder|key|range|manifest|name)\b/i,
    reason: translated,
    instead: 'is not a',
  },
  { pattern: /\bkept out\b/i, reason: oldName, instead: 'excluded' },
  {
    pattern: /\b(?:tenures?|pledge[sd]?|upkeep|census)\b/i,
    reason: oldName,
    instead: 'the name in docs/GLOSSARY.md',
  },
  {
    pattern: /\b(?:claimants?|heirs?|quarrels?|shortages?|foresee[ns]?|foresaw)\b/i,
    reason: oldName,
    instead: 'contender, reserved Service, write conflict, allocation failure, simulate',
  },
  { pattern: /\bcure[sd]?\b/i, reason: oldName, instead: 'remedy' },
  {
    pattern:
      /\b(?:colour|behaviour|favour|honour|neighbour|organis|recognis|normalis|serialis|labelled|cancelled|licence)\w*/i,
    reason: british,
    instead: 'color, behavior, organize, labeled, license',
  },
];
