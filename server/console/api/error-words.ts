import type { ErrorCode, ToldError } from '#protocols';
import { isApiError, type OwnCode } from './client.ts';
import { PasskeyCancelled } from './passkeys.ts';

/** What went wrong and what to do, for the codes that people of these pages meet. `{name}` is a value of the refusal. */
export const WORDS: Partial<Record<ErrorCode | OwnCode, string>> = {
  'console.offline':
    'Không kết nối được với máy chủ. Kiểm tra mạng rồi thử lại; gửi lại đúng như cũ thì không bị làm hai lần.',
  'console.unreadable': 'Máy chủ trả lời không đúng. Tải lại trang rồi thử lại.',
  'server.internal':
    'Máy chủ gặp lỗi bên trong, đã ghi lại với mã {requestId}. Thử lại; nếu vẫn lỗi, báo mã này cho kỹ thuật viên.',
  'storage.busy': 'Cơ sở dữ liệu đang bận. Chờ vài giây rồi thử lại.',
  'storage.disk_full': 'Ổ đĩa của máy chủ đã đầy, chưa ghi được gì. Dọn bớt rồi thử lại.',
  'request.invalid': 'Dữ liệu gửi đi chưa đúng: {reason}. Sửa lại rồi gửi.',
  'request.unauthenticated': 'Phiên đăng nhập đã hết. Hãy đăng nhập lại.',
  'request.forbidden': 'Tài khoản này không được làm việc đó ở địa bàn này. Hãy nhờ người có quyền.',
  'request.person_only': 'Việc này chỉ người đăng nhập mới làm được, máy thì không.',
  'request.not_found': 'Không còn mục này nữa: có thể người khác vừa xóa. Tải lại danh sách.',
  'request.conflict': 'Mục này vừa được người khác đổi ({state}). Tải lại để xem trạng thái mới.',
  'request.route_unknown': 'Máy chủ không biết việc này: trang và máy chủ khác phiên bản. Tải lại trang.',
  'request.key_missing': 'Trang gửi thiếu mã của thao tác. Tải lại trang rồi làm lại.',
  'request.key_reused': 'Lần bấm trước đã được thực hiện, với nội dung khi đó. Tải lại trang để xem.',
  'request.key_in_use': 'Yêu cầu trước còn đang chạy. Chờ một chút rồi thử lại.',
  'request.cross_site': 'Trang này mở ở địa chỉ khác. Hãy mở bảng điều khiển tại {expected}.',
  'request.too_many': 'Tài khoản này gửi quá nhiều yêu cầu trong một phút. Chờ {seconds} giây rồi làm lại.',
  'request.too_many_streams': 'Quá nhiều trang đang mở cùng lúc. Đóng bớt rồi tải lại.',
  'request.too_large': 'Tệp hoặc nội dung quá lớn (tối đa {limit} byte).',
  'login.failed': 'Tên, mật khẩu hoặc mã chưa đúng. Hãy thử lại.',
  'login.second_factor_needed':
    'Cần thêm bước xác thực thứ hai: nhập mã của ứng dụng, hoặc dùng khóa truy cập.',
  'login.wait': 'Thử quá nhiều lần. Hãy chờ {seconds} giây rồi thử lại.',
  'login.busy': 'Nhiều người đang đăng nhập cùng lúc. Chờ vài giây rồi thử lại.',
  'link.invalid': 'Liên kết đã dùng, đã hết hạn hoặc không đúng. Hãy xin một liên kết mới.',
  'setup.done': 'Máy chủ đã có tài khoản. Hãy đăng nhập, hoặc hỏi người quản trị.',
  'session.stale': 'Việc này cần xác nhận lại bạn là ai.',
  'account.session_needed': 'Việc này phải do người đăng nhập làm, máy không làm thay được.',
  'account.second_factor_required':
    'Quản trị viên phải có bước xác thực thứ hai. Hãy thiết lập hoặc xác nhận trước.',
  'account.name_taken': 'Tên đăng nhập “{name}” đã có hoặc từng có người dùng. Hãy chọn tên khác.',
  'account.self': 'Không tự làm việc này với tài khoản của chính mình được. Hãy nhờ một quản trị viên khác.',
  'account.pairing_of_administrator':
    '“{name}” có quyền quản trị: người đó tự mở mã QR ở trang Ghép điện thoại, hoặc nhờ quản trị viên của mọi địa bàn người đó phụ trách.',
  'account.last_administrator':
    'Đây là quản trị viên cuối cùng của toàn địa bàn. Hãy giao quyền cho người khác trước.',
  'account.deactivated': 'Tài khoản “{name}” đang ngừng. Hãy mở lại trước.',
  'account.grants_changed':
    'Chưa lưu gì: trong lúc bạn sửa, có người khác đã đổi vai trò của “{name}”. Hãy đóng, mở lại biểu mẫu rồi sửa tiếp.',
  'account.grant_invalid': 'Vai trò giao chưa hợp lệ: {reason}.',
  'token.too_much': 'Mã máy không được giữ quyền này ({what}): {reason}.',
  'password.too_short': 'Mật khẩu ngắn quá: cần ít nhất {least} ký tự.',
  'password.too_long': 'Mật khẩu dài quá: nhiều nhất {most} ký tự.',
  'password.common': 'Mật khẩu này nhiều người dùng, kẻ gian sẽ thử đầu tiên. Hãy chọn mật khẩu khác.',
  'password.personal':
    'Mật khẩu gần như chỉ là tên người hay tên xã, ai cũng đoán được. Hãy chọn mật khẩu khác.',
  'passkey.unavailable':
    'Khóa truy cập chỉ dùng được khi máy chủ có tên miền và https. Địa chỉ hiện nay là {url}. Hãy dùng ứng dụng sinh mã.',
  'passkey.refused': 'Khóa truy cập không được nhận: {reason}. Hãy làm lại từ đầu.',
  'announcement.not_approved': 'Bản tin chưa được duyệt nên không phát được.',
  'announcement.four_eyes': 'Bạn đã tham gia soạn bản tin này, nên phải có người khác duyệt.',
  'announcement.no_audio': 'Bản tin chưa có âm thanh. Hãy đính kèm âm thanh trước.',
  'announcement.audio_changed': 'Bản tin vừa được sửa. Hãy đọc và nghe lại rồi mới duyệt.',
  'approval.areas_missing':
    'Bản tin chưa được duyệt cho {areas}. Hãy nhờ người duyệt ở đó, hoặc chọn nơi đã duyệt.',
  'approval.scattered':
    'Bản tin được duyệt ở quá nhiều địa bàn rời nhau (hơn 64). Hãy nhờ người duyệt cho địa bàn rộng hơn, hoặc phát làm nhiều lần.',
  'approval.standing_invalid': 'Không cho phép theo loạt như vậy được: {reason}.',
  'approval.session_too_long':
    'Bản tin chưa được duyệt, và buổi phát dài {minutes} phút, quá {limit} phút mà phép theo loạt cho: phải duyệt riêng bản này.',
  'emergency.refused_there':
    'Ở {areas} đã có người duyệt trả lời không cho bản tin này. Người duyệt ở đó mở mục Chờ duyệt và duyệt đúng bản này trước (bản nháp thì gửi duyệt trước), rồi phát khẩn cấp lại.',
  'emergency.two_persons':
    'Bản tin khẩn cấp này phát ra ngoài phạm vi một xã, nên một người không tự phát được. Hãy gửi yêu cầu phát khẩn cấp: người thứ hai có quyền phát ở mọi nơi nhận xác nhận thì mới phát, và một trong hai người phải là Chủ tịch (hoặc người ký thay) ở đó. Chưa xác nhận thì chưa loa nào phát.',
  'emergency.same_person': 'Bạn là người yêu cầu, nên phải có người khác trả lời.',
  'emergency.person_only': 'Máy không được phát khẩn cấp: phải có người đứng ra.',
  'emergency.not_one': 'Bản tin này không phải mức khẩn cấp.',
  'area.retired': 'Địa bàn “{id}” đã giải thể. Hãy chọn địa bàn đang dùng.',
  'broadcast.no_targets':
    'Ở nơi đã chọn không có cụm loa nào đang dùng. Hãy chọn nơi khác, hoặc thêm cụm loa.',
  'broadcast.starts_in_past': 'Giờ phát đã qua. Tải lại trang để xem tình hình mới.',
  'broadcast.too_many_areas': 'Chọn quá nhiều địa bàn nhỏ. Hãy chọn địa bàn rộng hơn.',
  'latch.held': 'Ở đây đang có lệnh dừng (do {by}). Hãy bỏ lệnh dừng trước.',
  'latch.not_yours': 'Lệnh dừng này do {by} đặt: người đó hoặc Chủ tịch mới bỏ được.',
  'media.not_stored': 'Âm thanh của bản tin không còn trên máy chủ. Hãy tải lên lại.',
  'policy.outside_window': 'Lúc đó ngoài khung giờ phát của địa bàn. Khung giờ: {windows}.',
  'policy.session_too_long': 'Buổi phát dài {minutes} phút; địa bàn này cho nhiều nhất {limit} phút.',
  'policy.too_many_sessions': 'Ngày {day} đã có đủ {limit} buổi phát ở địa bàn này.',
  'schedule.invalid': 'Không làm được với lịch phát này: {reason}.',
  'schedule.no_occurrence':
    'Lần phát này đã bắt đầu, đã qua hoặc vừa được đổi. Tải lại để xem tình hình mới.',
  'schedule.paused': 'Lịch phát này đang tạm dừng.',
  'schedule.skipped': 'Lần phát này đã được {by} bỏ qua.',
  'schedule.not_approved': 'Bản tin chưa được duyệt nên lần phát này chưa được xếp.',
  'schedule.clock_disputed':
    'Giờ của máy chủ đang không chắc chắn nên chưa xếp lịch được. Kỹ thuật viên kiểm tra giờ của máy chủ trước.',
  'enrolment.code_used': 'Mã này không còn dùng được. Hãy tạo mã mới.',
  'backup.no_sheet': 'Chưa có phiếu sao lưu. Hãy lập và in phiếu trước.',
  'backup.no_destination':
    'Lúc này không ghi được vào nơi lưu nào ({folders}). Cắm ổ USB, hoặc chọn thư mục khác.',
  'backup.running': 'Đang có một lần sao lưu chạy. Chờ xong rồi thử lại.',
  'backup.no_room': 'Không đủ chỗ trong “{folder}”: cần {needed} MB, còn {free} MB. Dọn bớt rồi thử lại.',
  'backup.tool_failed': 'Công cụ “{tool}” không làm được việc ({reason}). Báo cho kỹ thuật viên.',
  'backup.nowhere': 'Chưa chọn nơi lưu nào. Hãy thêm một nơi lưu trước.',
  'backup.place_full': 'Hết chỗ trong “{folder}”. Dọn bớt, hoặc dùng ổ lớn hơn, rồi thử lại.',
  'backup.unverified':
    'Bản sao lưu vừa làm đọc lại không đúng ({reason}) nên đã bỏ. Hãy làm lại; vẫn vậy thì báo kỹ thuật viên xem nhật ký.',
  'backup.copy_differs':
    'Bản chép sang “{folder}” không giống bản gốc. Thử lại; vẫn vậy thì ổ ở đó có thể hỏng, hãy dùng ổ khác.',
  'backup.place_missing':
    'Không có thư mục “{folder}”. Cắm ổ USB, nối lại thư mục dùng chung, hoặc chọn thư mục khác.',
  'backup.place_file': '“{folder}” là một tệp. Hãy chọn một thư mục.',
  'backup.place_within':
    '“{folder}” nằm trong thư mục dữ liệu, là thứ được sao lưu. Chọn thư mục ở nơi khác, hoặc “{own}”.',
  'backup.place_unmounted':
    'Chưa cắm ổ USB, hoặc chưa nối thư mục dùng chung, ở “{folder}”. Hãy cắm hoặc nối lại.',
  'backup.place_in_memory':
    '“{folder}” nằm trong bộ nhớ tạm, không phải trên ổ đĩa: mất điện là mất bản sao lưu. Chọn thư mục trên ổ USB.',
  'backup.place_silent':
    '“{folder}” không trả lời. Xem ổ USB còn cắm, hoặc thư mục dùng chung còn nối không.',
  'backup.place_stalled':
    '“{folder}” đứng yên {minutes} phút nên đã bỏ lần sao lưu này. Xem ổ USB còn cắm, hoặc thư mục dùng chung còn nối không.',
  'backup.copy_stalled':
    'Chép từ “{source}” sang “{folder}” đứng yên {minutes} phút nên đã bỏ. Xem cả hai nơi còn nối không.',
  'backup.source_gone':
    'Chưa chép được sang “{folder}”: không còn đọc được “{source}”, nơi đang giữ bản sao lưu. Nối lại rồi sao lưu lần nữa.',
  'backup.file_too_long':
    'Ổ ở “{folder}” định dạng FAT32, không chứa được tệp {megabytes} MB. Nhờ kỹ thuật viên đổi sang exFAT hoặc NTFS; định dạng lại sẽ xóa hết bản sao lưu trên ổ đó.',
  'backup.name_taken':
    '“{folder}” đã có tệp “{name}”, máy không bao giờ ghi đè. Chờ một giây rồi sao lưu lại.',
  'backup.old_kept':
    'Bản mới đã lưu xong, nhưng {count} bản cũ trong “{folder}” chưa xóa được ({reason}). Xem ổ có bị khóa ghi không.',
  'backup.given_up': 'Lần sao lưu này bỏ dở vì máy chủ tắt. Khi máy chạy lại, hãy bấm sao lưu lại.',
  'backup.failed':
    'Lần sao lưu này không xong ({reason}). Hãy làm lại; vẫn vậy thì báo kỹ thuật viên xem nhật ký.',
  'backup.place_unusable': 'Không dùng được thư mục “{folder}”: {reason}.',
  'backup.wrong_passphrase':
    'Mật khẩu không mở được tệp này. Lấy đúng phiếu có số ghi trong tên tệp và gõ đủ 24 chữ và số.',
  'backup.damaged': 'Tệp sao lưu không nguyên vẹn: {reason}. Dùng bản ở nơi lưu khác, hoặc bản cũ hơn.',
  'backup.forged':
    'Tệp sao lưu không đúng như máy chủ đã ký: {reason}. Đừng khôi phục tệp này. Lấy bản khác ở nơi cất giữ, và hỏi xem tệp này từ đâu ra.',
  'backup.other_root':
    'Tệp sao lưu là của hệ thống khác: mã khóa gốc của nó là {found}, của phiếu là {expected}. Đừng khôi phục tệp này.',
  'backup.disk_failed':
    'Không đọc hoặc không ghi được ở “{folder}” ({reason}). Tệp sao lưu chưa chắc hỏng: xem ổ còn cắm chắc, có bị khóa ghi không rồi làm lại; vẫn vậy thì báo kỹ thuật viên.',
  'backup.newer':
    'Bản sao lưu do phiên bản mới hơn làm ra ({made}; máy này là {own}). Cập nhật máy chủ trước.',
  'backup.other_database': 'Bản sao lưu dùng loại cơ sở dữ liệu khác ({made}; máy này là {own}).',
  'restore.not_kept':
    'Tệp đã gửi không còn trên máy chủ: đã khôi phục, đã bỏ, hoặc để quá nửa giờ. Hãy gửi lại.',
  'restore.unconfirmed': 'Chưa xác nhận đủ nên chưa khôi phục: {what}.',
  'restore.failed':
    'Không khôi phục được ({reason}). Chưa có gì thay đổi: hãy làm lại; vẫn vậy thì báo kỹ thuật viên xem nhật ký.',
  'restore.undone':
    'Không đặt được bản sao lưu vào chỗ của nó ({reason}). Mọi thứ vẫn như trước: sửa lỗi đó rồi khôi phục lại.',
  'restore.stuck':
    'Không đặt được bản sao lưu, cũng không trả lại được như cũ ({reason}). Dữ liệu cũ nằm trong “{aside}”, không mất gì. Báo cho kỹ thuật viên.',
  'restore.busy': 'Đang khôi phục một bản khác. Chờ xong rồi thử lại.',
  'upload.no_file': 'Chưa chọn tệp.',
  'upload.cut_off':
    'Đường truyền bị đứt khi tệp chưa gửi hết. Tệp không hỏng: hãy gửi lại. Nếu vẫn đứt, chép tệp vào máy chủ rồi dùng lệnh “npm run restore”.',
  'upload.malformed': 'Tệp gửi lên bị đứt giữa chừng. Hãy gửi lại.',
};

/** One or two sentences for a person: the registry's own where these pages have none. */
export function sentenceOf(error: unknown): string {
  if (error instanceof PasskeyCancelled)
    return 'Chưa dùng được khóa truy cập: trình duyệt đã hủy hoặc hết giờ chờ. Hãy thử lại.';
  if (!isApiError(error)) return 'Trang gặp lỗi. Tải lại trang rồi thử lại.';
  return sentenceOfTold(error);
}

/** The same for what went wrong elsewhere, and is told of. Of a code that is newer than these pages: its own sentence. */
export function sentenceOfTold({ code, params, message }: ToldError): string {
  const words = WORDS[code as ErrorCode | OwnCode];
  if (words === undefined) return message;
  return words.replace(/\{(\w+)\}/g, (place, name: string) => String(params[name] ?? place));
}
