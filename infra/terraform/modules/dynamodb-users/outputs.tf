output "table_name" {
  description = "Name of the DynamoDB table"
  value       = module.table.name
}

output "table_arn" {
  description = "ARN of the DynamoDB table"
  value       = module.table.arn
}

output "table_id" {
  description = "ID of the DynamoDB table"
  value       = module.table.id
}

output "stream_arn" {
  description = "ARN of the DynamoDB stream"
  value       = module.table.stream_arn
}

output "email_index_name" {
  description = "Name of the email GSI"
  value       = "email-index"
}
