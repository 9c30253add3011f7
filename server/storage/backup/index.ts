export { BackupLogFile } from './backup-log-file.ts';
export { BackupWorker } from './backup-worker.ts';
export { type DatabaseFacts, readDatabaseFacts } from './database-facts.ts';
export { finishRestore } from './finish-restore.ts';
export { OWN } from './layout.ts';
export { FolderPlaces } from './places.ts';
export { type RestorePlace, type RestoreStep, requirePlace, stageRestore } from './restore.ts';
export { RestoredMarkFile } from './restored-mark.ts';
export { type Progress, TASKS } from './worker-tasks.ts';
