import { Exclusive } from '#kit';

/**
 * Answers and journal entries change the same deliveries by read, fold and write. One lock around each such step keeps the
 * fold right on databases that run several write transactions at once.
 */
export class ReceiptLock extends Exclusive {}
