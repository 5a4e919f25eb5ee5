# The users table of another product, as its own documentation describes it. Panzoto's own tables are in the root module.
#
# There is no TTL on `resetTokenExpiry`: DynamoDB deletes the whole item, which would be the user with the token. An
# application compares it with the clock, as it must anyhow: TTL deletes up to 48 hours late.

module "table" {
  source = "../dynamodb-table"

  name     = var.table_name
  hash_key = "userId"
  attributes = [
    { name = "userId", type = "S" },
    { name = "email", type = "S" },
  ]
  indexes = [{ name = "email-index", hash_key = "email" }]

  billing_mode         = var.billing_mode
  read_capacity        = var.read_capacity
  write_capacity       = var.write_capacity
  index_read_capacity  = var.gsi_read_capacity
  index_write_capacity = var.gsi_write_capacity

  point_in_time_recovery = var.enable_point_in_time_recovery
  kms_key_arn            = var.kms_key_arn
  enable_streams         = var.enable_streams
  alarm_actions          = var.alarm_actions
  tags                   = var.tags
}
