import type { AnnouncementView } from '#protocols';

type Capacity = AnnouncementView['decisions'][number]['as'];

/**
 * Who decided, as the office writes it (Nghị định 30/2020/NĐ-CP, phụ lục I): the chairman by his title, a deputy for him. Without a title whoever decided as
 * neither, or before that was noted. A narrow line ends between the titles, not in one.
 */
export function signed(name: string, as: Capacity): string {
  switch (as) {
    case 'chairman':
      return `CHỦ\u00a0TỊCH ${name}`;
    case 'deputy':
      return `KT.\u00a0CHỦ\u00a0TỊCH · PHÓ\u00a0CHỦ\u00a0TỊCH ${name}`;
    case null:
      return name;
  }
}
