/**
 * So many pages of a list, one after the other, or fewer where it ends. `read` gets the `next` of the page before. A page without anything that `counts` is
 * followed by the next one at once: whoever sees nothing has come to the end.
 */
export async function readPages<Page extends { readonly next: string | null }>(
  pages: number,
  read: (next: string | null) => Promise<Page>,
  counts: (page: Page) => boolean = () => true,
): Promise<readonly [Page, ...Page[]]> {
  const found: [Page, ...Page[]] = [await read(null)];
  for (let { next } = found[0]; next !== null && found.filter(counts).length < pages; ) {
    const page = await read(next);
    found.push(page);
    next = page.next;
  }
  return found;
}
