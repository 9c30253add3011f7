/** So many pages of a list, one after the other, or fewer where it ends. `read` gets the `next` of the page before. */
export async function readPages<Page extends { readonly next: string | null }>(
  pages: number,
  read: (next: string | null) => Promise<Page>,
): Promise<readonly [Page, ...Page[]]> {
  const found: [Page, ...Page[]] = [await read(null)];
  for (let { next } = found[0]; next !== null && found.length < pages; ) {
    const page = await read(next);
    found.push(page);
    next = page.next;
  }
  return found;
}
