import { parseArgs } from 'node:util';
import type { Clock } from '#kit';
import {
  type EnrolmentInvitation,
  isDomainError,
  isEnrolmentUri,
  readEnrolmentUri,
  readInvitation,
} from '#protocols';
import type { AgentConfig } from '../config.ts';
import { errorText } from '../log.ts';
import { EnrolledOtherwise, enrol } from './enrol.ts';

/** Asks for one line on the terminal; rejects when there is none. */
export type Ask = (question: string) => Promise<string>;

export interface EnrolCommand {
  readonly args: readonly string[];
  readonly config: Pick<AgentConfig, 'dataFolder' | 'provisioningFile'>;
  readonly clock: Clock;
  readonly ask: Ask;
}

/** Does what `enrol` was asked for. Resolves with the sentence of success; rejects with an `Error` whose sentence is for the technician. */
export async function enrolCommand({ args, config, clock, ask }: EnrolCommand): Promise<string> {
  const { dataFolder, provisioningFile } = config;
  let invitation: EnrolmentInvitation | undefined;
  try {
    invitation = await invitationOf(args, ask);
    await enrol({ invitation, dataFolder, provisioningFile, clock });
  } catch (error) {
    throw new Error(inVietnamese(error, invitation, provisioningFile), { cause: error });
  }
  return `Đã đăng ký cụm loa "${invitation.speakerId}" với ${invitation.url}; thông tin nằm trong ${provisioningFile} (chỉ chủ tệp đọc được). Bây giờ hãy chạy chương trình không kèm lệnh "enrol".`;
}

/** From the arguments, and what is missing from the terminal: a code that is typed there stands in no history of commands. */
async function invitationOf(args: readonly string[], ask: Ask): Promise<EnrolmentInvitation> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      speaker: { type: 'string' },
      code: { type: 'string' },
      uri: { type: 'string' },
    },
  });
  if (values.uri !== undefined) return readEnrolmentUri(values.uri);
  const url =
    values.url ?? (await ask('Địa chỉ máy điều khiển (http://…), hoặc cả dòng loa:enrol?… của mã QR: '));
  if (isEnrolmentUri(url)) return readEnrolmentUri(url);
  const speakerId = values.speaker ?? (await ask('Tên (id) cụm loa: '));
  const code = values.code ?? (await ask('Mã đăng ký (20 chữ và số): '));
  return readInvitation(url, speakerId, code);
}

function inVietnamese(error: unknown, invitation: EnrolmentInvitation | undefined, file: string): string {
  const { url = '', speakerId = '' } = invitation ?? {};
  const again =
    'Nhờ cán bộ kỹ thuật tạo mã mới cho cụm loa này trên máy điều khiển, rồi chạy lại lệnh enrol.';
  if (error instanceof EnrolledOtherwise)
    return `${file} đang là của cụm loa "${error.speakerId}", không phải "${speakerId}". Nếu máy này được chuyển sang cụm loa khác, hãy cất ${file} và thư mục dữ liệu đi chỗ khác rồi chạy lại.`;
  if (isDomainError(error))
    switch (error.code) {
      case 'enrolment.code_malformed':
        return `Mã đăng ký gõ chưa đúng (${error.message}) Mã gồm 20 chữ và số, ví dụ dạng XXXX-XXXX-XXXX-XXXX-XXXX: hãy so lại từng chữ với phiếu.`;
      case 'document.malformed':
        return `Thông tin đăng ký chưa đúng: ${error.message} Cần địa chỉ dạng http://… hoặc https://…, tên cụm loa và mã như trên phiếu.`;
      case 'enrolment.unproved':
        return `Máy điều khiển tại ${url} không chứng minh được mã của cụm loa "${speakerId}": mã hoặc tên sai, đã dùng, hết hạn hay bị huỷ, hoặc đó không phải máy điều khiển của xã. Chưa tin gì và chưa lưu gì. Hãy so địa chỉ, tên và mã với phiếu; nếu vẫn vậy thì ${again.toLowerCase()}`;
      case 'enrolment.refused':
        return `Máy điều khiển từ chối mã của cụm loa "${speakerId}": mã sai, đã dùng, hết hạn hay bị huỷ, hoặc cụm loa đang bị khoá. ${again}`;
      case 'enrolment.too_many_tries':
        return `Từ địa chỉ mạng này đã thử sai quá nhiều lần. Chờ ${String(error.params['minutes'])} phút rồi chạy lại với cùng mã: mã vẫn dùng được đến khi hết hạn.`;
      case 'enrolment.begin_again':
        return `Việc đăng ký cụm loa "${speakerId}" kéo dài quá 5 phút. Hãy chạy lại lệnh enrol với cùng mã.`;
      default:
        return `Máy điều khiển tại ${url} trả lời: ${error.code}: ${error.message}`;
    }
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    return `Lệnh chưa đúng: ${error.message}. Cần: enrol --uri 'loa:enrol?…' hoặc enrol --url URL --speaker ID --code MÃ.`;
  return `Không đăng ký được cụm loa "${speakerId}" với ${url}: ${errorText(error)}. Kiểm tra dây mạng hoặc SIM, địa chỉ, và chỗ trống trên đĩa, rồi chạy lại với cùng mã.`;
}
