# The eight tables, as the code declares them.

locals {
  names = { for label, table in var.tables : label => lookup(var.table_names, label, table.name) }
}

module "tables" {
  source   = "./modules/dynamodb-table"
  for_each = var.tables

  name                   = local.names[each.key]
  hash_key               = each.value.hash_key
  range_key              = each.value.range_key
  attributes             = each.value.attributes
  indexes                = each.value.indexes
  ttl_attribute          = each.value.ttl_attribute
  point_in_time_recovery = each.value.point_in_time_recovery
  deletion_protection    = each.value.deletion_protection && var.deletion_protection
  enable_streams         = contains(var.streamed_tables, each.key)
  replica_regions        = var.replica_regions
  alarm_actions          = var.alarm_actions
  tags                   = { "panzoto:table" = each.key }
}
