/** A login name made of a person's name: "Nguyễn Thị Hạnh" gives "nguyen-thi-hanh". */
export function suggestedName(displayName: string): string {
  return displayName
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('đ', 'd')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}

/** As `AccountNameSchema` of `protocols/http` has it. */
export const LOGIN_NAME = '[a-z0-9]([a-z0-9._\\-]{0,62}[a-z0-9])?';
