export const words = {
  title: 'Thiết lập lần đầu',
  intro: 'Máy chủ này chưa có ai quản trị. Chọn một trong hai việc dưới đây.',
  create: 'Tạo người quản trị đầu tiên',
  createWhy:
    'Cho máy chủ mới. Người này sẽ mời những người khác: cán bộ truyền thanh, Chủ tịch, kỹ thuật viên.',
  restore: 'Khôi phục từ bản sao lưu',
  restoreWhy: 'Cho máy chủ thay thế. Cần tệp sao lưu và mật khẩu trên phiếu sao lưu. Máy cũ phải tắt hẳn.',
  noSecret:
    'Địa chỉ này thiếu phần bí mật phía sau dấu “#”. Hãy mở đúng liên kết in ở màn hình dòng lệnh khi máy chủ khởi động.',
  done: 'Máy chủ đã được thiết lập.',
  toLogin: 'Tới trang đăng nhập',
  back: 'Quay lại',
  password: 'Mật khẩu',
  next: 'Tạo tài khoản',
  file: 'Tệp sao lưu',
  chooseFile: 'Chọn tệp…',
  otherFile: 'Chọn tệp khác…',
  fileHint: 'Tên tệp có dạng “loa-lang_…_phieu-2.tar”: số sau chữ “phieu” là số của phiếu cần lấy.',
  fileChosen: (name: string) => `Đã chọn “${name}”.`,
  passphrase: 'Mật khẩu trên phiếu',
  passphraseHint: (typed: number) =>
    `24 chữ và số (đang có ${typed}). Không phân biệt chữ hoa, chữ thường, có hay không có dấu gạch.`,
  passphraseOf: (sheet: string) => `Mật khẩu trên phiếu số ${sheet}`,
  oldOff: 'Máy chủ cũ đã tắt hẳn: hai máy chạy cùng lúc sẽ tranh nhau điều khiển loa.',
  start: 'Kiểm tra tệp',
  fileKept: (until: string) =>
    `Tệp đã ở trên máy chủ, không phải gửi lại: chỉ cần gõ lại mật khẩu. Tệp được giữ đến ${until}.`,
  sending: 'Đang gửi tệp lên máy chủ',
  reading: 'Máy chủ đang giải mã và kiểm tra từng tệp',
  restarting: 'Máy chủ đang khởi động lại trên bản sao lưu…',
  whose: 'Bản sao lưu này là của ai?',
  ofSheet: 'Chữ ký đúng, và là của đúng máy chủ đã lập phiếu này. Hãy so lại với phiếu rồi khôi phục.',
  notOfSheet:
    'Tệp có chữ ký, nhưng phiếu này do phiên bản cũ lập nên máy không biết chữ ký đó của ai. Hãy so mã khóa gốc dưới đây với mã đã chép vào phiếu, hoặc dòng “Khóa gốc” trên phiếu ghi danh của cụm loa.',
  unsigned:
    'Tệp này KHÔNG CÓ CHỮ KÝ của máy chủ: phiên bản cũ làm ra nó, hoặc người khác làm ra để chiếm hệ thống loa. Chỉ khôi phục khi chính xã cất giữ tệp này, và mã khóa gốc dưới đây đúng là của xã (so với phiếu ghi danh của cụm loa).',
  place: 'Địa bàn',
  takenAt: 'Sao lưu lúc',
  version: 'Phiên bản',
  speakers: 'Số cụm loa',
  oldUrl: 'Địa chỉ máy chủ cũ',
  rootKey: 'Mã khóa gốc',
  rawKey: 'Khóa gốc:',
  earlierKey: 'Mã khóa gốc trước đó:',
  untold: 'bản cũ không ghi',
  otherUrl: (url: string, own: string) =>
    `Cụm loa tìm máy chủ ở ${url}, còn máy này ở ${own}. Khôi phục xong, kỹ thuật viên phải đặt LOA_PUBLIC_URL=${url} và cho tên, cổng đó dẫn tới máy này thì loa mới nối lại.`,
  unsignedKnown: 'Tôi biết tệp không có chữ ký, và chắc chắn nó lấy từ nơi xã cất giữ bản sao lưu.',
  compared: 'Tôi đã so: tên xã, ngày và mã khóa gốc đúng là của xã.',
  confirm: 'Khôi phục bản này',
  giveUp: 'Không phải tệp này',
  waitsUntil: (until: string) => `Tệp chờ xác nhận đến ${until}, sau đó máy tự xóa.`,
  notRestored:
    'Máy chủ đã khởi động lại mà không có bản sao lưu: chưa khôi phục được gì, mọi thứ vẫn như trước.',
  newLink:
    'Liên kết đang mở không còn dùng được. Máy chủ đã in một liên kết mới ở màn hình dòng lệnh: mở liên kết đó để khôi phục lại, hoặc để tạo người quản trị đầu tiên.',
  keepOpen: 'Đừng đóng trang này.',
  restored:
    'Khôi phục xong. Cụm loa sẽ tự nối lại trong vài phút. Đăng nhập bằng tài khoản và mật khẩu như trước.',
} as const;
