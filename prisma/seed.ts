/** Puts the places of Tân An into a database: `node dist/prisma/seed.js file:/path/loa.db`. The controller must not be running on it. */
import { SystemClock } from '#kit';
import { openStorage, SEED_AREAS, seedTanAn } from '../server/storage/index.ts';

const [url] = process.argv.slice(2);
if (url === undefined) {
  process.stderr.write(
    'usage: node dist/prisma/seed.js DATABASE_URL   (file:/path/loa.db or postgresql://…)\n',
  );
  process.exitCode = 2;
} else {
  const clock = new SystemClock();
  const storage = openStorage({ url, clock });
  await storage.start();
  try {
    await seedTanAn(storage, clock.now());
    process.stdout.write(`${SEED_AREAS.length} areas are in the database\n`);
  } finally {
    await storage.stop();
  }
}
