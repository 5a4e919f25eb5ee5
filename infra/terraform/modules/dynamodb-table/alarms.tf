# What tells that a table is short of capacity, refuses requests, or lags behind in another region.

locals {
  minutes   = 60
  period    = 5 * local.minutes
  dimension = { TableName = aws_dynamodb_table.this.name }
  capacity = var.alarms && local.provisioned ? {
    read  = { metric = "ConsumedReadCapacityUnits", units = var.read_capacity }
    write = { metric = "ConsumedWriteCapacityUnits", units = var.write_capacity }
  } : {}
  refused = {
    throttled-requests = { metric = "ThrottledRequests", says = "DynamoDB throttled" }
    system-errors      = { metric = "SystemErrors", says = "DynamoDB itself failed" }
  }
  requests = ["BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactWriteItems", "UpdateItem"]
}

resource "aws_cloudwatch_metric_alarm" "capacity" {
  for_each = local.capacity

  alarm_name          = "${var.name}-${each.key}-capacity"
  alarm_description   = "${var.name}: more than 80 % of its ${each.key} capacity is in use."
  namespace           = "AWS/DynamoDB"
  metric_name         = each.value.metric
  dimensions          = local.dimension
  statistic           = "Sum"
  period              = local.period
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.units * local.period * 0.8
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}

# Both are counted by operation: without that dimension the metrics have no data.
resource "aws_cloudwatch_metric_alarm" "refused" {
  for_each = var.alarms ? local.refused : {}

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${var.name}: ${each.value.says} more than 10 requests in five minutes."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags

  metric_query {
    id          = "all"
    expression  = "SUM([${join(", ", [for each in local.requests : "FILL(${lower(each)}, 0)"])}])"
    label       = each.value.metric
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.requests
    content {
      id = lower(metric_query.value)
      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = each.value.metric
        dimensions  = merge(local.dimension, { Operation = metric_query.value })
        stat        = "Sum"
        period      = local.period
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "replica_lag" {
  for_each = var.alarms ? toset(var.replica_regions) : toset([])

  alarm_name          = "${var.name}-lag-${each.value}"
  alarm_description   = "${var.name}: ${each.value} is more than a minute behind."
  namespace           = "AWS/DynamoDB"
  metric_name         = "ReplicationLatency"
  dimensions          = merge(local.dimension, { ReceivingRegion = each.value })
  statistic           = "Average"
  period              = local.period
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60 * 1000
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
