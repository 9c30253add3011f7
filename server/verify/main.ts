import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Evidence, verifyEvidence } from '#evidence';
import { isDomainError } from '#protocols';
import { auditCommand } from './audit-command.ts';
import { nodeCrypto } from './node-crypto.ts';
import { readEvidence } from './read-evidence.ts';
import { deliveryWords, soundedAt, verdictLines } from './summary.ts';

const USAGE = `Cách dùng: npm run verify -- TỆP [--root KHÓA …] [--list]
  TỆP     tệp chứng cứ (.json), hoặc trang tự kiểm (.html) tải từ máy chủ
  --root  khóa gốc mà bạn tin (base64url, lặp lại được): tệp mang khóa gốc khác là sai
  --list  in cả từng lượt phát
hoặc: npm run verify -- --audit TỆP [--head SỐ:MÃ|TỆP …] [--root KHÓA …]
  --audit nhật ký hệ thống xuất ra (JSON)
  --head  đầu nhật ký đã giữ ở ngoài: số dòng và mã băm trên phiếu, hoặc tệp (lặp lại được)`;

/** Checks an evidence file. 0: all holds · 1: something does not · 2: there is no file to check. */
async function main(): Promise<number> {
  const { path, roots, list, audit, heads } = readArguments();
  if (audit !== undefined) return auditCommand(audit, heads, roots);
  if (path === undefined) return complain(USAGE);
  let evidence: Evidence;
  try {
    const text = await readFile(path, 'utf8');
    evidence = readEvidence(text);
  } catch (error) {
    if (isDomainError(error))
      return complain(`${path} không phải tệp chứng cứ của Loa Làng: ${error.message}`);
    return complain(`không đọc được ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const verdict = verifyEvidence(nodeCrypto, evidence, roots);
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(`${evidence.area}, ${day(evidence.from)} đến ${day(evidence.to)}`);
  for (const line of verdictLines(verdict)) say(line);
  for (const line of verdict.broken.slice(1)) say(`  tiếp: ${line}`);
  if (list)
    for (const delivery of verdict.deliveries) {
      const { at, seconds } = soundedAt(delivery);
      const when = at === null ? '–' : new Date(at).toISOString();
      const title = delivery.order?.title ?? delivery.broadcastId;
      say(`${when}  ${delivery.speakerId}  ${seconds} s  ${title}: ${deliveryWords(delivery)}`);
    }
  return verdict.holds ? 0 : 1;
}

function readArguments(): {
  readonly path: string | undefined;
  readonly roots: string[];
  readonly list: boolean;
  readonly audit: string | undefined;
  readonly heads: string[];
} {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        root: { type: 'string', multiple: true, default: [] },
        list: { type: 'boolean', default: false },
        audit: { type: 'string' },
        head: { type: 'string', multiple: true, default: [] },
      },
    });
    return {
      path: positionals.length === 1 ? positionals[0] : undefined,
      roots: values.root,
      list: values.list,
      audit: values.audit,
      heads: values.head,
    };
  } catch {
    return { path: undefined, roots: [], list: false, audit: undefined, heads: [] };
  }
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`);
  return 2;
}

process.exitCode = await main();
