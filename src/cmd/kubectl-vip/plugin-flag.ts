import type { Flag } from '../flags/flags.ts';

/** A flag with its text for --help. */
export type PluginFlag = Flag & { readonly help: string };
