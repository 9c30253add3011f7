export const words = {
  title: 'Địa bàn',
  why: 'Cây địa bàn của bạn. Loại của địa bàn cho biết đâu là cấp xã: phát khẩn cấp ra ngoài một xã phải có người thứ hai xác nhận.',
  commune: 'Cấp xã',
  outside: 'Không thuộc xã nào',
  edit: 'Sửa',
  editTitle: (area: string) => `Sửa ${area}`,
  kind: 'Loại',
  kindHint: 'Xã, phường, thị trấn và đặc khu được tính là cấp xã.',
  otherKind: 'Loại khác…',
  ownKind: 'Tên loại',
  name: 'Tên địa bàn',
  nameHint: 'Không kèm loại: “Tân An”, không phải “xã Tân An”.',
  next: 'Xem lại trước khi lưu',
  confirmTitle: 'Xem lại trước khi lưu',
  before: 'Đang là',
  after: 'Đổi thành',
  renamed:
    'Tên mới hiện ở mọi trang từ bây giờ. Những gì đã phát trước đây vẫn ghi tên cũ trong báo cáo và nhật ký.',
  unchanged: 'Quy định hai người khi phát khẩn cấp không đổi.',
  becomesCommune: (area: string) =>
    `“${area}” được tính là một xã: phát khẩn cấp chỉ ở trong đó thì một lãnh đạo quyết định là đủ; phát ra ngoài thì phải có người thứ hai xác nhận.`,
  swallows: (communes: number) =>
    `Ở trong đó đang có ${communes} nơi cấp xã. Chúng không còn được tính riêng: phát khẩn cấp cho nhiều xã cùng lúc thì một lãnh đạo quyết định cũng đủ.`,
  becomesAbove: (area: string, communes: number) =>
    `“${area}” không còn được tính là một xã; ${communes} nơi cấp xã ở trong được tính riêng. Phát khẩn cấp cho hơn một nơi trong số đó phải có người thứ hai xác nhận.`,
  becomesOutside: (area: string) =>
    `“${area}” không thuộc xã nào nữa: phát khẩn cấp cho cụm loa ở đó lúc nào cũng phải có người thứ hai xác nhận.`,
  becomesWhole:
    'Ở đây không còn địa bàn nào được tính là cấp xã: tất cả được coi là một xã, nên phát khẩn cấp nhiều nơi thì một lãnh đạo quyết định cũng đủ.',
  save: 'Lưu',
  back: 'Quay lại',
  saved: (area: string) => `Đã lưu “${area}”.`,
} as const;
