-- CreateTable
CREATE TABLE "AnnouncementMark" (
    "announcementId" TEXT NOT NULL,
    "areaId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "at" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "AnnouncementMark_pkey" PRIMARY KEY ("announcementId","areaId","kind")
);

-- CreateIndex
CREATE INDEX "AnnouncementMark_kind_areaId_at_announcementId_idx" ON "AnnouncementMark"("kind", "areaId", "at", "announcementId");

-- AddForeignKey
ALTER TABLE "AnnouncementMark" ADD CONSTRAINT "AnnouncementMark_announcementId_fkey" FOREIGN KEY ("announcementId") REFERENCES "Announcement"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What is handed in or approved, of the station and of each area that it names.
INSERT INTO "AnnouncementMark" ("announcementId", "areaId", "kind", "at")
SELECT a."id", a."areaId", a."state"::text, a."createdAt" FROM "Announcement" a WHERE a."state" IN ('submitted', 'approved')
UNION
SELECT a."id", named, a."state"::text, a."createdAt" FROM "Announcement" a, jsonb_array_elements_text(a."forAreas"::jsonb) named WHERE a."state" IN ('submitted', 'approved');

-- Where somebody may be asked: which of these areas really wait follows from the tree of areas, and the controller looks at it once it has started.
INSERT INTO "AnnouncementMark" ("announcementId", "areaId", "kind", "at")
SELECT m."announcementId", m."areaId", 'unknown', m."at" FROM "AnnouncementMark" m JOIN "Announcement" a ON a."id" = m."announcementId"
WHERE a."state" = 'submitted' OR a."forAreas" <> '[]'
    OR EXISTS (SELECT 1 FROM "Area" g WHERE g."id" = a."areaId" AND g."mergedInto" IS NOT NULL);
