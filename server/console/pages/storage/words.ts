export const words = {
  title: 'Dung lượng và lưu giữ',
  disk: 'Ổ đĩa của máy chủ',
  diskLow: 'Ổ đĩa sắp đầy: hãy dọn bớt, hoặc giảm thời hạn lưu giữ dưới đây.',
  diskFull: 'Ổ đĩa đã đầy: xác nhận của cụm loa không còn chỗ ghi. Dọn ngay.',
  countedAt: (at: string) => `Đếm lúc ${at}.`,
  pictureOf: (free: string, total: string) => `Còn trống ${free} trên ${total}`,
  database: 'Cơ sở dữ liệu',
  audio: 'Âm thanh',
  audioFiles: (files: number, size: string) => `${size} (${files} tệp)`,
  backups: 'Bản sao lưu trên máy',
  replaced: 'Dữ liệu cũ được dời ra khi khôi phục',
  others: 'Thứ khác trên ổ đĩa',
  free: 'Còn trống',
  retention: 'Thời hạn lưu giữ',
  forEver:
    'Nhật ký phát của loa, xác nhận phát và nhật ký hệ thống được giữ mãi mãi. Hai thứ dưới đây thì không cần.',
  healthDays: 'Giữ báo cáo tình trạng cụm loa (ngày)',
  healthHint: (rows: string) =>
    `Hiện có ${rows} báo cáo. Sau một tuần chỉ giữ mỗi giờ một báo cáo, sau hai tháng mỗi ngày một; báo cáo có sự cố thì giữ đủ. Từ 30 đến 3660 ngày.`,
  audioForEver: 'Giữ mãi mọi âm thanh, cả khi không bản tin nào dùng nữa',
  audioDays: 'Giữ âm thanh không bản tin nào dùng nữa (ngày)',
  audioHint: (files: number, size: string) =>
    `Hiện có ${files} tệp như vậy, ${size}. Quá hạn thì bị xóa hẳn; tên tệp được ghi vào nhật ký. Từ 30 đến 3660 ngày.`,
  save: 'Lưu thời hạn',
  saved: 'Đã lưu thời hạn.',
} as const;
