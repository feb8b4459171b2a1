/**
 * `npm run explore`: every order of everything that can happen in small worlds, with the real controller (docs/PROOF.md).
 */
import './open-fields.ts';

Error.stackTraceLimit = 0;
const { main } = await import('./command.ts');
process.exitCode = await main(process.argv.slice(2));
