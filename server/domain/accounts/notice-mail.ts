import type { Instant, Milliseconds } from '#kit';
import type { ApprovalsDue } from '#protocols';
import { type AreaTree, DEFAULT_ZONE } from '../areas/area.ts';
import type { MailText } from '../mail/mail-queue.ts';
import { localDay, offsetMinutes, writtenDay } from '../policies/zoned-time.ts';
import { type Account, areasOfAccount, type Notice } from './account.ts';

/** Something that airs and lacks an approval. */
export type DueItem = Pick<ApprovalsDue['due'][number], 'title' | 'startsAt' | 'areas' | 'fallback'> & {
  /** By whose clocks it airs. */
  readonly zone: string;
};

/** A notice of what happened to an account. */
export type AccountNotice = Omit<Notice, 'kind'> & {
  readonly kind: Exclude<Notice['kind'], 'approval_due'>;
};

/** A notice that something of the days ahead waits for the person's approval. `items`: one at least, by start. */
export type DueNotice = Omit<Notice, 'kind'> & {
  readonly kind: 'approval_due';
  readonly items: readonly DueItem[];
  /** Origin at which people open the console. */
  readonly publicUrl: string;
};

/** Later than this nobody wants to read by mail what happened to the account: it stands on the own page. */
const WORTH_MS: Milliseconds = 24 * 3_600_000;

/** What happened, as its owner reads it. Nothing in it logs anybody in, and it has no link: whoever imitates it has none to imitate. */
const HAPPENED: Readonly<Record<AccountNotice['kind'], string>> = {
  phone_paired: 'Một điện thoại đã được ghép vào tài khoản, dùng được mà không cần mật khẩu.',
  reset_link: 'Có người đã tạo một liên kết để đặt lại mật khẩu của tài khoản.',
  password_set: 'Mật khẩu của tài khoản đã được đặt mới.',
  second_factor_changed: 'Bước xác thực thứ hai (ứng dụng sinh mã hoặc khóa truy cập) đã thay đổi.',
  grants_changed: 'Vai trò hoặc địa bàn của tài khoản đã thay đổi.',
  email_changed: 'Địa chỉ thư nhận thông báo của tài khoản đã thay đổi.',
};

/** As many broadcasts as a mail lists. */
const MOST_ITEMS = 30;

/** The mail that goes with a notice, and until when it is worth reading: of what is due until the last of it has begun. `who`: what people call who did it. */
export function mailOf(
  account: Account,
  notice: AccountNotice | DueNotice,
  tree: AreaTree,
  who: string,
): { readonly text: MailText; readonly until: Instant } {
  if (notice.kind !== 'approval_due')
    return { text: accountMail(account, notice, tree, who), until: notice.at + WORTH_MS };
  const { at, items, publicUrl } = notice;
  return { text: dueMail(account, items, publicUrl), until: items.at(-1)?.startsAt ?? at };
}

function accountMail(
  account: Account,
  { at, kind, by }: AccountNotice,
  tree: AreaTree,
  who: string,
): MailText {
  const [areaId] = areasOfAccount(account);
  const known = areaId !== undefined && tree.has(areaId);
  const zone = known ? tree.zoneOf(areaId) : DEFAULT_ZONE;
  return {
    subject: `Thông báo về tài khoản ${account.name}`,
    text: letter(account, [
      `Tài khoản ${account.name}, lúc ${timeOf(zone, at)} ngày ${dayOf(zone, at)}:`,
      HAPPENED[kind],
      by === account.name ? 'Người làm: chính tài khoản này.' : `Người làm: ${oneLine(who)}.`,
      '',
      'Nếu đúng là do ông/bà làm hoặc nhờ làm thì không cần làm gì thêm.',
      'Nếu không phải: hãy đổi mật khẩu và báo ngay cho quản trị viên.',
    ]),
  };
}

function dueMail(account: Account, items: readonly DueItem[], publicUrl: string): MailText {
  const days = [...new Set(items.map(({ zone, startsAt }) => dayOf(zone, startsAt)))];
  const shown = items.slice(0, MOST_ITEMS);
  const lines = days.flatMap((day) => {
    const ofDay = shown.filter(({ zone, startsAt }) => dayOf(zone, startsAt) === day);
    return ofDay.length === 0 ? [] : [`Ngày ${day}:`, ...ofDay.map(lineOf), ''];
  });
  const more = items.length - shown.length;
  return {
    subject: `Còn ${items.length} lượt phát chưa được duyệt, ngày ${days[0]}`,
    text: letter(account, [
      `Còn ${items.length} lượt phát có nội dung chưa được duyệt.`,
      '',
      ...lines,
      ...(more > 0 ? [`và ${more} lượt phát khác.`, ''] : []),
      'Nơi nào chưa được duyệt thì loa ở đó không phát nội dung này.',
      `Xem và duyệt tại: ${publicUrl}/approvals`,
    ]),
  };
}

function lineOf({ title, startsAt, zone, areas, fallback }: DueItem): string {
  const where = areas.map(({ name }) => name).join(', ');
  const approved = fallback !== null && fallback.missing.length === 0;
  const instead = approved ? `. Nếu không được duyệt thì phát thay: ${oneLine(fallback.title)}` : '';
  return `- ${timeOf(zone, startsAt)}: ${oneLine(title)}. Chưa duyệt cho: ${where}${instead}`;
}

function letter({ displayName }: Account, lines: readonly string[]): string {
  return `${[
    `Kính gửi ${oneLine(displayName)},`,
    '',
    ...lines,
    '',
    'Thư này do hệ thống truyền thanh tự gửi, xin không trả lời. Thư của hệ thống không bao giờ hỏi mật khẩu hay mã xác thực.',
  ].join('\n')}\n`;
}

/** Titles are other people's: none of them begins a line of its own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** "05:40" by the clocks of a zone. */
function timeOf(zone: string, at: Instant): string {
  return new Date(at + offsetMinutes(zone, at) * 60_000).toISOString().slice(11, 16);
}

/** "06/01/2026". */
function dayOf(zone: string, at: Instant): string {
  return writtenDay(localDay(zone, at));
}
