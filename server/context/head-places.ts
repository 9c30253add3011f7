import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { writeFileAtomic } from '#kit';
import type { AuditHeadsConfig } from '../config/audit-heads.ts';
import type { HeadPlace } from '../domain/audit/head-delivery.ts';
import { headText } from '../domain/audit/head-text.ts';

const TIMEOUT_MS = 20_000;

/** The places that the operator named. `place`: what the controller is of, "xã Tân An". */
export function headPlaces(
  { folder, mail }: AuditHeadsConfig,
  place: () => { readonly areaId: string; readonly name: string },
): HeadPlace[] {
  return [
    ...(folder === null ? [] : [folderPlace(folder, place)]),
    ...(mail === null ? [] : [mailPlace(mail, place)]),
  ];
}

/**
 * One text file for each head; after a restore another head may bear the number of one that is here, and both stay. The folder is not made: a share or a stick that is not there must not be
 * mistaken for one that is.
 */
function folderPlace(folder: string, place: Parameters<typeof headPlaces>[1]): HeadPlace {
  return {
    name: 'folder',
    send: async (head) => {
      await access(folder);
      const { areaId, name } = place();
      const file = `loa-lang-audit-${areaId}-${String(head.n).padStart(6, '0')}-${head.day}-${head.hash.slice(0, 8)}.txt`;
      await writeFileAtomic(join(folder, file), headText(head, name));
    },
  };
}

function mailPlace(
  { smtpUrl, from, to }: NonNullable<AuditHeadsConfig['mail']>,
  place: Parameters<typeof headPlaces>[1],
): HeadPlace {
  return {
    name: 'mail',
    send: async (head) => {
      const timeouts = {
        connectionTimeout: TIMEOUT_MS,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
      };
      const transport = createTransport({ url: smtpUrl, ...timeouts });
      const { name } = place();
      try {
        await transport.sendMail({
          ...{ from, to: [...to] },
          subject: `Đầu nhật ký số ${head.n}, ngày ${head.day} – ${name}`,
          text: headText(head, name),
          // The same head is the same message, however often it was tried.
          messageId: `<loa-audit-${head.n}-${head.hash.slice(0, 16)}@loa-lang>`,
        });
      } finally {
        transport.close();
      }
    },
  };
}
