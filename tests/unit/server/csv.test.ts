import { expect, it } from 'vitest';
import { csvLine } from '../../../server/http/csv.ts';

it('lets no cell begin as a formula, and quotes what would end it', () => {
  for (const text of ['=1+1', '+84', '-2', '@SUM(A1)', '\tx', '\rx'])
    expect(csvLine([text]).replaceAll('"', '')).toBe(`'${text}\r\n`);
  expect(csvLine([-5, 'a=b', null, 'nói "vâng", rồi\nđi'])).toBe('-5,a=b,,"nói ""vâng"", rồi\nđi"\r\n');
  expect(csvLine(['=HYPERLINK("http://x")'])).toBe('"\'=HYPERLINK(""http://x"")"\r\n');
});
