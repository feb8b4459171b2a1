import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Bundle, sharedBundle } from '../e2e/bundle.ts';
import { ControllerProcess } from '../e2e/controller.ts';
import { requirements } from './requirements.ts';
import { Site, type SiteOptions } from './site.ts';

export interface SiteContext {
  site: Site;
  /** The controller in the background of the tests. */
  controller: ControllerProcess;
  /** Kills the controller, if it runs, and starts another one. */
  restartController(): Promise<void>;
}

export type OnSite = (title: string, body: (context: SiteContext) => Promise<void>) => void;

/**
 * Returns a function that registers tests. All tests of a file run one after another on one site, and each removes its
 * Services. A failure includes the output of all programs.
 */
export function onSite(options: SiteOptions): OnSite {
  const { skip, denied } = requirements();
  if (skip !== undefined) {
    return (title) => {
      test(title, { skip });
    };
  }
  let bundle: Bundle | undefined;
  let context: SiteContext | undefined;
  before(async () => {
    if (denied !== undefined) return;
    bundle = await sharedBundle();
    const site = await Site.create(options);
    const kubeconfig = await site.cluster.install();
    const { entry } = bundle;
    const start = (): ControllerProcess =>
      new ControllerProcess({ bundle: entry, kubeconfig, env: {}, flags: [] });
    const made: SiteContext = {
      site,
      controller: start(),
      async restartController() {
        await made.controller.crash();
        made.controller = start();
      },
    };
    context = made;
  });
  after(async () => {
    await context?.controller.crash();
    await context?.site.close();
    bundle?.remove();
  });
  return (title, body) => {
    test(title, async () => {
      if (denied !== undefined) throw new Error(denied);
      if (context === undefined) throw new Error('the site did not start');
      const { site } = context;
      try {
        await body(context);
        await site.clear();
        assert.deepEqual(site.overlaps.found, []);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        // For the next test.
        await site.cluster.clear().catch(() => {});
        const outputs = `${site.output}\n--- output of the controller\n${context.controller.output}`;
        throw new Error(`${message}\n${outputs}`, { cause: error });
      }
    });
  };
}
