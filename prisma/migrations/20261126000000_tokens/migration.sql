-- CreateEnum
CREATE TYPE "token_role" AS ENUM ('read', 'submit', 'admin');

-- CreateTable
CREATE TABLE "tokens" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "role" "token_role" NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "tokens_pkey" PRIMARY KEY ("id")
);

-- What follows has no notation in schema.prisma.

ALTER TABLE "tokens"
    ADD CONSTRAINT "tokens_secret_hash_check" CHECK (octet_length("secret_hash") = 32);
