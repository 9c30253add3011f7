import BetterSqlite3 from 'better-sqlite3';

/**
 * Another process at the same database file: begins the transaction that it is told to and says "held"; commits when it
 * hears anything and says "released". Arguments: file, IMMEDIATE or EXCLUSIVE. Speaks over IPC.
 */
const [path, kind] = process.argv.slice(2);
const database = new BetterSqlite3(path);
database.exec(`BEGIN ${kind}`);
process.send?.('held');
process.once('message', () => {
  database.exec('COMMIT');
  database.close();
  process.send?.('released', () => process.disconnect());
});
