import { readFile } from 'node:fs/promises';
import { isDomainError } from '#protocols';
import { type GivenHead, readHead, verifyAudit } from './verify-audit.ts';

/** Checks an exported audit log. 0: all holds · 1: something does not · 2: there is nothing to check. */
export async function auditCommand(
  path: string,
  given: readonly string[],
  roots: readonly string[],
): Promise<number> {
  const heads: GivenHead[] = [];
  for (const one of given) {
    const head = readHead(one) ?? readHead(await readFile(one, 'utf8').catch(() => ''));
    if (head === undefined)
      return complain(`--head ${one}: cần SỐ-DÒNG:MÃ-BĂM ghi trên phiếu, hoặc tệp có đầu nhật ký`);
    heads.push(head);
  }
  try {
    const verdict = await verifyAudit(await readFile(path, 'utf8'), heads, roots);
    const { range, fromGenesis, broken, fitting } = verdict;
    say(broken.length === 0 ? 'ĐÚNG: mọi dòng đều khớp.' : `SAI: chỗ hỏng đầu tiên: ${broken[0]}`);
    for (const line of broken.slice(1)) say(`  tiếp: ${line}`);
    say(range === null ? 'Tệp không có dòng nào.' : `Đã kiểm: dòng ${range[0]} đến ${range[1]}.`);
    if (range !== null && !fromGenesis) say('Tệp là trích đoạn: các dòng trước đó không nằm trong tệp.');
    for (const line of fitting) say(`Khớp: ${line}`);
    if (heads.length === 0)
      say(
        'Chưa đối chiếu với đầu nhật ký nào giữ ở ngoài: ai ghi được vào cơ sở dữ liệu có thể đã lập lại cả chuỗi.',
      );
    if (verdict.roots.length > 0)
      say(`Khóa gốc: ${verdict.roots.join(', ')} (đối chiếu với phiếu cài đặt cụm loa)`);
    return verdict.holds ? 0 : 1;
  } catch (error) {
    if (isDomainError(error))
      return complain(`${path} không phải nhật ký hệ thống xuất ra (JSON): ${error.message}`);
    return complain(`không đọc được ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`);
  return 2;
}
