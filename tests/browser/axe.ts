import axe from 'axe-core';
import type { Page } from './page.ts';

/** One of each kind that would keep somebody out; smaller ones are for the eye. */
const RUN = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) =>
      id + ': ' + help + ': ' + nodes.slice(0, 3).map(({ html, any }) => html.slice(0, 200) + ' ' + (any[0]?.message ?? '')).join(' | ')))`;

interface Evaluated {
  readonly result: { readonly value: unknown };
  readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
}

/**
 * What axe-core finds on the page as it is now that is serious or critical. It runs in a world of its own beside the page's scripts: the page's
 * policy holds for the page, not for it.
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const { frameTree } = await page.send<{ frameTree: { frame: { id: string } } }>('Page.getFrameTree');
  const { executionContextId: contextId } = await page.send<{ executionContextId: number }>(
    'Page.createIsolatedWorld',
    { frameId: frameTree.frame.id, worldName: 'axe' },
  );
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await page.send<Evaluated>('Runtime.evaluate', {
      ...{ expression, contextId, awaitPromise: true, returnByValue: true },
    });
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? 'axe did not run');
    return result.value;
  };
  // The world is the same one until the page goes away, and axe is larger than any page.
  if ((await evaluate('typeof axe')) === 'undefined') await evaluate(`void (() => { ${axe.source} })()`);
  return (await evaluate(RUN)) as string[];
}
