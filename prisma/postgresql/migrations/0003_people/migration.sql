-- CreateTable
CREATE TABLE "Account" (
    "name" TEXT NOT NULL,
    "displayName" TEXT NOT NULL,
    "grants" TEXT NOT NULL,
    "passwordHash" TEXT,
    "notices" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "createdBy" TEXT NOT NULL,
    "deactivatedAt" DOUBLE PRECISION,

    CONSTRAINT "Account_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "Totp" (
    "account" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "confirmedAt" DOUBLE PRECISION,
    "lastStep" INTEGER NOT NULL,
    "recoveryCodes" TEXT NOT NULL,

    CONSTRAINT "Totp_pkey" PRIMARY KEY ("account")
);

-- CreateTable
CREATE TABLE "Passkey" (
    "id" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "publicKey" TEXT NOT NULL,
    "counter" DOUBLE PRECISION NOT NULL,
    "transports" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "lastUsedAt" DOUBLE PRECISION,

    CONSTRAINT "Passkey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AccountSession" (
    "id" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "userAgent" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "secondFactor" BOOLEAN NOT NULL,
    "pairedBy" TEXT,
    "authenticatedAt" DOUBLE PRECISION NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "lastSeenAt" DOUBLE PRECISION NOT NULL,
    "expiresAt" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "AccountSession_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "OneTimeLink" (
    "id" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "direct" BOOLEAN NOT NULL,
    "forgets" BOOLEAN NOT NULL,
    "createdBy" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "expiresAt" DOUBLE PRECISION NOT NULL,
    "endedAt" DOUBLE PRECISION,
    "used" BOOLEAN NOT NULL,

    CONSTRAINT "OneTimeLink_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApiToken" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "grants" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "createdBy" TEXT NOT NULL,
    "createdAt" DOUBLE PRECISION NOT NULL,
    "expiresAt" DOUBLE PRECISION NOT NULL,
    "lastUsedAt" DOUBLE PRECISION,
    "revokedAt" DOUBLE PRECISION,

    CONSTRAINT "ApiToken_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Passkey_account_idx" ON "Passkey"("account");

-- CreateIndex
CREATE UNIQUE INDEX "AccountSession_secretHash_key" ON "AccountSession"("secretHash");

-- CreateIndex
CREATE INDEX "AccountSession_account_idx" ON "AccountSession"("account");

-- CreateIndex
CREATE UNIQUE INDEX "OneTimeLink_secretHash_key" ON "OneTimeLink"("secretHash");

-- CreateIndex
CREATE INDEX "OneTimeLink_account_idx" ON "OneTimeLink"("account");

-- CreateIndex
CREATE UNIQUE INDEX "ApiToken_name_key" ON "ApiToken"("name");

-- CreateIndex
CREATE UNIQUE INDEX "ApiToken_secretHash_key" ON "ApiToken"("secretHash");

-- AddForeignKey
ALTER TABLE "Totp" ADD CONSTRAINT "Totp_account_fkey" FOREIGN KEY ("account") REFERENCES "Account"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Passkey" ADD CONSTRAINT "Passkey_account_fkey" FOREIGN KEY ("account") REFERENCES "Account"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AccountSession" ADD CONSTRAINT "AccountSession_account_fkey" FOREIGN KEY ("account") REFERENCES "Account"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "OneTimeLink" ADD CONSTRAINT "OneTimeLink_account_fkey" FOREIGN KEY ("account") REFERENCES "Account"("name") ON DELETE RESTRICT ON UPDATE CASCADE;
