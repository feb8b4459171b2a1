import type { Log } from '../../src/client/log.ts';

export const silentLog: Log = { info() {}, warn() {}, error() {} };
