import type { Config } from './config.ts';

/** The same function, which works out each result once, and keeps it as long as its configuration is in use. */
export function oncePerConfig<T extends object>(make: (config: Config) => T): (config: Config) => T {
  const results = new WeakMap<Config, T>();
  return (config) => {
    const known = results.get(config);
    if (known !== undefined) return known;
    const result = make(config);
    results.set(config, result);
    return result;
  };
}
